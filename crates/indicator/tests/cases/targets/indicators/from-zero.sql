-- 値 / Values
WITH v(period, value) AS (VALUES ('2023', 0), ('2024', 0))
SELECT * FROM v
