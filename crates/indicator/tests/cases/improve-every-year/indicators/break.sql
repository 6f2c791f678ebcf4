-- 値 / Values
WITH v(period, value) AS (VALUES ('2021', 1), ('2022', 5), ('2023', 9), ('2024', 4))
SELECT * FROM v
