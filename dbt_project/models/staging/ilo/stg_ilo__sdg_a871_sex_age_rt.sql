{{ stage_ilo_observations(source('ilo', 'ilo_sdg_a871_sex_age_rt'), without=['classif2']) }}
