{{ stage_ilo_observations(source('ilo', 'ilo_sdg_0882_noc_rt'), without=['sex', 'classif1', 'classif2']) }}
