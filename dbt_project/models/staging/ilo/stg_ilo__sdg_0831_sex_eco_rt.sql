{{ stage_ilo_observations(source('ilo', 'ilo_sdg_0831_sex_eco_rt'), without=['classif2']) }}
