-- 値 / Values
WITH v(period, value) AS (VALUES ('-', 5))
SELECT * FROM v
