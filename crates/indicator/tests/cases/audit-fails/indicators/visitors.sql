-- 印字のまま / As printed
WITH p AS (SELECT id AS figure, period, value FROM published_figure WHERE series = 'visitors')
SELECT period, value FROM p
