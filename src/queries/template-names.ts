import { below, child, isNode, unwrapped, wordOf, type CodeNode } from './code-tree.ts'
import { identifierName, tagKind, type TagKind } from './template-tags.ts'

/** A tagged template of SQL. */
export interface Template {
  /** The tagged template as a whole. */
  readonly node: CodeNode
  readonly kind: TagKind
  /** What it is assigned to, or stands in; undefined at the top of a file. */
  readonly name: string | undefined
}

/** The templates of a file. */
export interface Templates {
  readonly all: readonly Template[]
  /** By the constant that holds one, where one constant of the file has that name. */
  readonly constants: ReadonlyMap<string, Template>
}

/** Something with a name around a template, from the outside to the inside. */
interface Place {
  readonly name: string
  readonly kind: 'function' | 'class' | 'value'
}

/** All templates with one of these tags, in the order of the file. Throws RangeError for what is nested too deeply. */
export function findTemplates(tree: CodeNode, tags: ReadonlySet<string>): Templates {
  const all: Template[] = []
  const constants = new Map<string, Template>()
  const taken = new Set<string>()
  const visit = (node: CodeNode, places: readonly Place[]): void => {
    const inside = placeOf(node)
    const within = inside === undefined ? places : [...places, inside]
    if (node.type === 'TaggedTemplateExpression') {
      const kind = tagKind(child(node, 'tag'), tags)
      if (kind !== undefined) all.push({ node, kind, name: nameOf(places) })
    }
    for (const inner of below(node)) visit(inner, within)
  }
  visit(tree, [])
  const byNode = new Map(all.map((template) => [template.node, template]))
  const declare = (node: CodeNode): void => {
    if (node.type === 'VariableDeclarator') {
      const name = identifierName(child(node, 'id'))
      const value = child(node, 'init')
      const template = value === undefined ? undefined : byNode.get(unwrapped(value))
      // what somebody awaits is a result, and no fragment
      if (
        name !== undefined &&
        (taken.has(name) || template === undefined || value?.type === 'AwaitExpression')
      )
        constants.delete(name)
      else if (name !== undefined && template !== undefined) constants.set(name, template)
      if (name !== undefined) taken.add(name)
    }
    for (const inner of below(node)) declare(inner)
  }
  if (all.length > 0) declare(tree)
  return { all, constants }
}

function placeOf(node: CodeNode): Place | undefined {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression': {
      return named(child(node, 'id'), 'function')
    }
    case 'ClassDeclaration':
    case 'ClassExpression': {
      return named(child(node, 'id'), 'class')
    }
    case 'ClassMethod':
    case 'ClassPrivateMethod':
    case 'ObjectMethod': {
      return node['computed'] === true ? undefined : named(child(node, 'key'), 'function')
    }
    case 'ClassProperty':
    case 'ClassPrivateProperty':
    case 'ObjectProperty': {
      if (node['computed'] === true) return undefined
      return named(child(node, 'key'), kindOfValue(child(node, 'value')))
    }
    case 'VariableDeclarator': {
      return named(child(node, 'id'), kindOfValue(child(node, 'init')))
    }
    case 'AssignmentExpression': {
      const left = child(node, 'left')
      const target = left?.type === 'MemberExpression' ? child(left, 'property') : left
      return named(target, kindOfValue(child(node, 'right')))
    }
    default: {
      return undefined
    }
  }
}

function named(node: CodeNode | undefined, kind: Place['kind']): Place | undefined {
  const name = wordOf(node)
  return name === undefined || name === '' ? undefined : { name: name.slice(0, 100), kind }
}

function kindOfValue(value: CodeNode | undefined): Place['kind'] {
  if (!isNode(value)) return 'value'
  // memo(() => …), asyncHandler(async () => …)
  const inner = unwrapped(value)
  const isFunction = /^(?:ArrowFunctionExpression|FunctionExpression)$/.test(inner.type)
  return isFunction ? 'function' : 'value'
}

/**
 * `findUser`, `Orders.findById`, `queries.byEmail`: the innermost function with the class or the object that it stands
 * in; without a function, constants and properties.
 */
function nameOf(places: readonly Place[]): string | undefined {
  const at = places.findLastIndex(({ kind }) => kind === 'function')
  const own = at < 0 ? places.slice(-3) : places.slice(Math.max(at - 1, 0), at + 1)
  const isMember = at < 0 || own[0]?.kind !== 'function'
  const shown = isMember ? own : own.slice(-1)
  return shown.length === 0 ? undefined : shown.map(({ name }) => name).join('.')
}
