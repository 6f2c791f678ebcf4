-- 値 / Values
WITH v(period, value) AS (VALUES ('2023', 2), ('2024', 3))
SELECT * FROM v
