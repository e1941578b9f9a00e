{{ trade_flows('hs_level, product as hs_code', ['HS4', 'HS6']) }}
