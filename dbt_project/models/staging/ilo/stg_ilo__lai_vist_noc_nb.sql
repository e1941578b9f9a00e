{{ stage_ilo_observations(source('ilo', 'ilo_lai_vist_noc_nb'), without=['sex', 'classif1', 'classif2']) }}
