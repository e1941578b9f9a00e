{{ stage_ilo_observations(source('ilo', 'ilo_sdg_0861_sex_rt'), without=['classif1', 'classif2']) }}
