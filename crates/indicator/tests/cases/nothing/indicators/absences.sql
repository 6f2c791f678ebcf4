-- 値 / Values
WITH v(period, value, status) AS (VALUES ('2021', NULL, 'unknown'), ('2022', NULL, 'not_collected'), ('2023', NULL, 'not_applicable'), ('2024', NULL, 'suppressed'), ('2025', NULL, NULL), ('2026', 0, NULL))
SELECT * FROM v
