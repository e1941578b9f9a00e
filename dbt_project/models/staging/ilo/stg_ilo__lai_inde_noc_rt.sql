{{ stage_ilo_observations(source('ilo', 'ilo_lai_inde_noc_rt'), without=['sex', 'classif1', 'classif2']) }}
