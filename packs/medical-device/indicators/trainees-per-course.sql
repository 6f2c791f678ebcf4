-- 印刷された受講者数 / Trainees as printed
WITH trainees AS (
  SELECT id AS figure, period, value FROM published_figure WHERE source = 'd003' AND series = 'trainees'
),
-- 印刷されたコース数 / Courses as printed
courses AS (
  SELECT id AS figure, period, value FROM published_figure WHERE source = 'd003' AND series = 'training-courses'
),
-- 年ごとに割る / Divide year by year
per_course AS (
  SELECT t.period, t.value / c.value AS value, t.value AS numerator, c.value AS denominator
  FROM trainees t JOIN courses c USING (period)
)
SELECT period, value, numerator, denominator FROM per_course ORDER BY period
