{{ stage_ilo_observations(source('ilo', 'ilo_ear_emta_sex_eco_cur_nb')) }}
