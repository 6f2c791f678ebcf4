-- 調査の対象となった確定した全テーマ / All confirmed themes
WITH themes AS NOT MATERIALIZED (
  SELECT _id, survey_year, focus, stage FROM project WHERE _state = 'confirmed'
),
-- 分野とステージで数える / Counted by field and stage
counts AS (
  SELECT survey_year, focus, stage, count(*) AS themes FROM themes GROUP BY survey_year, stage, focus
),
-- 重点分野が分かるテーマ / Themes whose field is known
known AS (
  SELECT survey_year, focus, stage, themes FROM counts WHERE focus IS NOT NULL
),
-- ステージごとの計（分野が不明のテーマを含む） / Totals per stage, unknown fields included
totals AS (
  SELECT survey_year, NULL AS focus, stage, sum(themes) AS themes FROM counts GROUP BY survey_year, stage
)
SELECT CAST(survey_year AS TEXT) AS period, focus, stage, themes AS value, themes AS n
FROM (SELECT * FROM known UNION ALL SELECT * FROM totals) ORDER BY survey_year, stage, focus
