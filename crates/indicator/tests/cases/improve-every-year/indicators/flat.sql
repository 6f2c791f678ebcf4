-- 値 / Values
WITH v(period, value) AS (VALUES ('2023', 52.31), ('2024', 52.34))
SELECT * FROM v
