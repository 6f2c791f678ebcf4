-- 値 / Values
WITH v(period, value) AS (VALUES ('2022', 10), ('2023', 12), ('2024', 15))
SELECT * FROM v
