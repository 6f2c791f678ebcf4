-- 値 / Values
WITH v(period, value) AS (VALUES ('2023', 80), ('2024', 100))
SELECT * FROM v
