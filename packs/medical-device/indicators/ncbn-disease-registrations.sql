-- 疾患別登録患者数 / Patients by disease
WITH diseases AS (
  SELECT id AS figure, value FROM published_figure WHERE source = 'd001' AND series = 'ncbn-disease-patients'
),
-- 総登録患者数 / All patients
patients AS (
  SELECT id AS figure, period, value FROM published_figure WHERE source = 'd001' AND series = 'ncbn-patients'
)
SELECT p.period, (SELECT sum(value) FROM diseases) / p.value AS value, (SELECT sum(value) FROM diseases) AS numerator, p.value AS denominator
FROM patients p
