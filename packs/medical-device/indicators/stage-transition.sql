-- 調査時点で採択後1年以上の確定したテーマ / Confirmed themes at least one year after adoption
WITH themes AS NOT MATERIALIZED (
  SELECT _id, survey_year, stage, stage_after FROM project
  WHERE under_one_year = 0 AND outcome IS NOT NULL AND _state = 'confirmed'
),
-- 採択時と到達のステージで数える / Counted by stage at adoption and stage reached
counts AS (
  SELECT survey_year, stage, stage_after AS stage_reached, count(*) AS themes FROM themes GROUP BY survey_year, stage, stage_after
),
-- 到達ステージが分かるテーマ / Themes whose later stage is known
known AS (
  SELECT survey_year, stage, stage_reached, themes FROM counts WHERE stage_reached IS NOT NULL
),
-- 採択時ステージごとの計 / Totals per stage at adoption
totals AS (
  SELECT survey_year, stage, NULL AS stage_reached, sum(themes) AS themes FROM counts GROUP BY survey_year, stage
)
SELECT CAST(survey_year AS TEXT) AS period, stage, stage_reached, themes AS value, themes AS n
FROM (SELECT * FROM known UNION ALL SELECT * FROM totals) ORDER BY survey_year, stage, stage_reached
