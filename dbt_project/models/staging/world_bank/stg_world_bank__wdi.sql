{{ stage_world_bank_series(source('world_bank', 'world_bank_wdi')) }}
