-- 値 / Values
WITH v(period, value) AS (VALUES ('2023', 5), ('2024', 8))
SELECT * FROM v
