{{ stage_ilo_observations(source('ilo', 'ilo_cld_xhaz_sex_age_rt'), without=['classif2']) }}
