-- 値 / Values
WITH v(period, value) AS (VALUES ('2023', 500), ('2024', 510), ('2024-12', 40))
SELECT * FROM v
