-- one level of the nomenclature: headings are inside their chapter
{{ trade_flows('product as hs_chapter', ['HS2']) }}
