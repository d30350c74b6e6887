-- What dashboards need to count money in one currency, beside what advertising cost and what was won.

CREATE OR REPLACE VIEW {database}.v_rates{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the rate is for',
    currency LowCardinality(String) COMMENT 'Currency that is converted',
    date Date COMMENT 'Day on which the rate holds',
    rate Decimal(38, 12) COMMENT 'What one of it is worth in the currency of the account'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT account, currency, date, rate
FROM {database}.rates FINAL
COMMENT 'What other currencies were worth, day by day';
