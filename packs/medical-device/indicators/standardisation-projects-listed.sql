-- 採択された課題 / Adopted projects (those without a year are of the list up to fiscal 2022)
WITH projects AS (
  SELECT _id, theme, field AS standard_field FROM standardisation_project
  WHERE adopted_fy IS NULL OR adopted_fy <= 2022
),
-- 分野ごとの課題数 / Projects by field
total AS (
  SELECT '2022' AS period, standard_field, count(*) AS value FROM projects GROUP BY standard_field
)
SELECT * FROM total ORDER BY standard_field
