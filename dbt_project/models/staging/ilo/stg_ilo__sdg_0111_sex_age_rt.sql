{{ stage_ilo_observations(source('ilo', 'ilo_sdg_0111_sex_age_rt'), without=['classif2']) }}
