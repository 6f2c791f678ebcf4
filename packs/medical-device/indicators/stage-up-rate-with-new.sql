-- 調査の対象となった確定した全テーマ（採択後1年未満を含む） / All confirmed themes, those under one year included
WITH themes AS NOT MATERIALIZED (
  SELECT _id, survey_year, stage, moved_up AS hit
  FROM project
  WHERE outcome IS NOT NULL AND _state = 'confirmed'
),
-- 採択時ステージ別の割合 / Share by stage at adoption
by_stage AS (
  SELECT survey_year, stage, sum(hit) AS hits, count(*) AS themes FROM themes GROUP BY survey_year, stage
),
-- 全ステージを合わせた割合 / Share over all stages
overall AS (
  SELECT survey_year, NULL AS stage, sum(hits) AS hits, sum(themes) AS themes FROM by_stage GROUP BY survey_year
)
SELECT CAST(survey_year AS TEXT) AS period, stage, 100.0 * hits / themes AS value, hits AS numerator, themes AS denominator, themes AS n
FROM (SELECT * FROM overall UNION ALL SELECT * FROM by_stage)
ORDER BY stage, survey_year
