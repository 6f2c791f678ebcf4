-- 調査の対象となった全テーマ / All surveyed themes
WITH themes AS (
  SELECT _id, survey_year, focus, stage FROM project WHERE _state IN ('reported', 'confirmed')
),
-- 重点分野が分かるテーマを分野とステージで数える / Themes whose field is known, by field and stage
known AS (
  SELECT survey_year, focus, stage, count(*) AS themes FROM themes WHERE focus IS NOT NULL GROUP BY survey_year, focus, stage
),
-- ステージごとの計（分野が不明のテーマを含む） / Totals per stage, unknown fields included
totals AS (
  SELECT survey_year, NULL AS focus, stage, count(*) AS themes FROM themes GROUP BY survey_year, stage
)
SELECT CAST(survey_year AS TEXT) AS period, focus, stage, themes AS value, themes AS n
FROM (SELECT * FROM known UNION ALL SELECT * FROM totals) ORDER BY survey_year, stage, focus
