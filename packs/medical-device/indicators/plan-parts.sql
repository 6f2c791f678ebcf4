-- 数える対象の節 / Nodes to count
WITH parts AS (
  SELECT 'p2-focus' AS plan_part, id FROM plan_node WHERE period = 'p2' AND kind = 'focus'
  UNION ALL
  SELECT 'p3-policies', id FROM plan_node WHERE period = 'p3' AND kind = 'policy'
  UNION ALL
  SELECT 'p3-device-types', id FROM plan_node WHERE period = 'p3' AND id LIKE 'p3-device-type-%'
  UNION ALL
  SELECT 'p3-access-points', id FROM plan_node WHERE period = 'p3' AND kind = 'challenge' AND parent = 'p3-policy-3'
)
SELECT '-' AS period, plan_part, count(*) AS value, count(*) AS n FROM parts GROUP BY plan_part
