-- 資料から転記した経済産業省の事業 / METI programmes transcribed from the material
WITH programmes AS (
  SELECT p._id, c.code AS meti_programme
  FROM programme p JOIN code c ON c.list = 'meti_programme' AND c.label_ja = p.name
  WHERE p._source = 'd001'
),
-- 令和4年度の当初予算・予算案 / Initial budget and budget bill of FY2022
budget AS (
  SELECT p._id, p.meti_programme, b.fiscal_year, b.kind, b.amount
  FROM programmes p JOIN programme__budgets b ON b._id = p._id
  WHERE b.fiscal_year = 2022 AND b.kind IN ('initial', 'draft')
)
SELECT CAST(fiscal_year AS TEXT) AS period, meti_programme,
       coalesce(max(CASE WHEN kind = 'initial' THEN amount END), max(amount)) AS value
FROM budget GROUP BY fiscal_year, meti_programme
