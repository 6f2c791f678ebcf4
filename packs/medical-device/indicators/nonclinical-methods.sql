-- 記録された試験法 / Recorded test methods
WITH methods AS (
  SELECT _id, method, _state = 'published' AS published FROM nonclinical_method WHERE kind = 'test_method'
)
SELECT CAST(:fiscal_year AS TEXT) AS period, sum(published) AS value, sum(published) AS numerator, count(*) AS denominator, count(*) AS n
FROM methods HAVING count(*) > 0
