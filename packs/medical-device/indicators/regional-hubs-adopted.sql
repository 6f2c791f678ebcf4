-- 採択された拠点 / Hubs adopted
WITH hubs AS (
  SELECT _id, organisation, adopted_in FROM regional_hub
)
SELECT CAST(adopted_in AS TEXT) AS period, count(*) AS value, count(*) AS n FROM hubs GROUP BY adopted_in ORDER BY period
