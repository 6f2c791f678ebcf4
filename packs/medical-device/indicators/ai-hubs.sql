-- 資料に挙げられた選定大学 / Universities the material lists
WITH hubs AS (
  SELECT _id, university FROM ai_hub WHERE _source = 'd001'
)
SELECT '-' AS period, count(*) AS value FROM hubs HAVING count(*) > 0
