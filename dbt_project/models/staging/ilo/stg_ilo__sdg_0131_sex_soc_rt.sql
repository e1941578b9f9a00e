{{ stage_ilo_observations(source('ilo', 'ilo_sdg_0131_sex_soc_rt'), without=['classif2']) }}
