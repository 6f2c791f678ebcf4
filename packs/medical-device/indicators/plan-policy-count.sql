-- 転記した計画の木にある第2期の基本方針 / Basic policies of the second period in the transcribed plan
WITH policies AS (
  SELECT id FROM plan_node WHERE period = 'p2' AND kind = 'policy'
)
SELECT '-' AS period, count(*) AS value, count(*) AS n FROM policies
