-- 台帳にない / Not in the register
WITH d AS (SELECT '2025' AS period, NULL AS value, 'not_collected' AS status)
SELECT period, value, status FROM d
