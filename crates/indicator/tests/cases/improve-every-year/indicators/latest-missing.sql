-- 値 / Values
WITH v(period, value, status) AS (VALUES ('2023', 5, NULL), ('2024', NULL, 'not_collected'))
SELECT * FROM v
