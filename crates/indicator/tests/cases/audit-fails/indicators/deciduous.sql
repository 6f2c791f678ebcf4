SELECT '2025' AS period, count(*) AS value FROM leaf
