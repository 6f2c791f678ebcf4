-- 値 / Values
WITH v(period, value) AS (VALUES ('2021', 9), ('2022', 5), ('2023', 6), ('2024', 7))
SELECT * FROM v
