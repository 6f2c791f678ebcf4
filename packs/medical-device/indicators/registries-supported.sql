-- 資料に対象領域が挙げられたレジストリ / Registries whose field the material names
WITH registries AS (
  SELECT _id, support AS registry_support FROM supported_registry WHERE _source = 'd001'
)
SELECT '-' AS period, registry_support, count(*) AS value FROM registries GROUP BY registry_support
