-- 調査時点で採択後1年以上の確定したテーマ / Confirmed themes at least one year after adoption
WITH themes AS NOT MATERIALIZED (
  SELECT _id, survey_year, stage, moved_up AS hit
  FROM project
  WHERE under_one_year = 0 AND outcome IS NOT NULL AND _state = 'confirmed'
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
