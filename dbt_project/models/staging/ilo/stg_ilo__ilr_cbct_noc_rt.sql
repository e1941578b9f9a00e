{{ stage_ilo_observations(source('ilo', 'ilo_ilr_cbct_noc_rt'), without=['sex', 'classif1', 'classif2']) }}
