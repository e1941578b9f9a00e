{{ stage_ilo_observations(source('ilo', 'ilo_sdg_f881_sex_mig_rt'), without=['classif2']) }}
