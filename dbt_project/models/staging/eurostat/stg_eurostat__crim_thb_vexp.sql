{{ stage_eurostat_observations(source('eurostat', 'eurostat_crim_thb_vexp'), ['dimensions', 'geo']) }}
