-- 値 / Values
WITH v(period, value) AS (VALUES ('2022', 5), ('2023', NULL), ('2024', 8))
SELECT * FROM v
