-- 印字された本数 / Trees as printed
WITH p AS (SELECT id AS figure, period, value FROM published_figure WHERE series = 'planted' AND dims = '{}')
SELECT '2025' AS period, max(value) FILTER (WHERE period = '2025') / max(value) FILTER (WHERE period = '2024') AS value FROM p
