{{ stage_eurostat_observations(source('eurostat', 'eurostat_ert_bil_eur_a'), ['statinfo', 'unit', 'currency']) }}
